require "sinatra"

get("/") { "sinatra #{settings.environment} #{File.read("public/app.js")}" }
run Sinatra::Application
