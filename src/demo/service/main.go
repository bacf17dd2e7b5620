package main

import (
	"log"
	"net/http"

	"example.com/orders/server"
)

func main() {
	log.Fatal(http.ListenAndServe(":8080", server.New()))
}
