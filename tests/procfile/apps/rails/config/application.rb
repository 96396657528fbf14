require_relative "boot"
require "rails"
require "action_controller/railtie"
Bundler.require(*Rails.groups)

class Finish
  include Sidekiq::Worker
  def perform = Sidekiq.redis { |redis| redis.incr("done") }
end

class Shop < Rails::Application
  config.load_defaults 6.1
  config.eager_load = Rails.env.production?
  config.logger = Logger.new($stdout)
end
