// Package customer names a customer in the two ways there are, and says whose a set of identities is.
package customer

// Row numbers a living customer's row. It is internal: a merge may remove it.
type Row int64

// Handle numbers a customer for the outside. It leads to the same person for ever: after a merge to the one who
// survived.
type Handle int64

// Move says that what belonged to one row belongs to another from now on.
type Move struct{ From, To Row }

// OwnedBy is the condition, in SQL, that a row of set_owners tells the owner of a set at a time. set and at are
// expressions, owners is the alias of set_owners.
func OwnedBy(set, at, owners string) string {
	return owners + ".set_id = " + set + " AND (NOT " + owners + ".dated OR (" +
		at + " >= " + owners + ".since AND " + at + " < " + owners + ".until))"
}
