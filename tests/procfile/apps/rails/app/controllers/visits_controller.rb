class VisitsController < ActionController::Base
  def index
    Finish.perform_async
    visits, done = Sidekiq.redis { |redis| [redis.incr("visits"), redis.get("done").to_i] }
    render plain: "visits #{visits} done #{done}"
  end

  def die = Process.kill(:KILL, Process.pid)
end
