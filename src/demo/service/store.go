package store

// Order is what a customer asked for.
type Order struct {
	ID       string
	Customer string
	Lines    []Line
}

// Line is one position of an order.
type Line struct {
	Article  string
	Quantity int
}
