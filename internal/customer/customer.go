// Package customer names a customer in the two ways there are.
package customer

// Row numbers a living customer's row. It is internal: a merge may remove it.
type Row int64

// Handle numbers a customer for the outside. It leads to the same person for ever: after a merge to the one who
// survived.
type Handle int64

// Move says that what belonged to one row belongs to another from now on.
type Move struct{ From, To Row }
