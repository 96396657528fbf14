package main

import (
	"database/sql"
	"os"

	_ "github.com/lib/pq"
)

func main() {
	sql.Open("postgres", os.Getenv("DATABASE_URL"))
}
