package server

// Limits of one customer.
const (
	MaxOrdersPerSecond = 50
	MaxBurst           = 200
	MaxBodyBytes       = 1 << 20
)
