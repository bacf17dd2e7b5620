package agents

import ppc "github.com/acme/ppc"

// Dispatch hands an order to the customer's agent.
func Dispatch(customer, order string) error {
	return ppc.Dial(customer).Send(order)
}
