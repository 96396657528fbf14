port ENV.fetch("PORT", 3000)
threads 1, 2
pidfile ENV.fetch("PIDFILE", "tmp/pids/server.pid")
