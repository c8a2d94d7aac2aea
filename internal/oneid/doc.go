// Package oneid decides which customer an identity belongs to.
//
// Records show identities together; each record is a star of links from its strongest identity to the others.
// MakePlan, which is pure, says which customers a batch of stars makes, extends and merges. Resolve makes it so
// in the tables: it finds the sets of identities that are known, locks what may change, reads again what it had
// read before, and writes. Events carry their set, and a set has an owner: a merge moves owners and no event.
//
// What cannot simply be followed is a dispute: it is decided anew from all evidence about it (redo), by package evidence.
// Operations and changed settings change what is stored, and decide in the same way (again). The words for it:
//
//   - A part is the evidence that hangs together, accepted or not. Customers whose evidence is disputed carry its number; those
//     with one number are mates. Seeds are what a part is gathered around.
//   - A customer is plain when nothing about it is disputed, and a known set of a disputed customer is calm when its records cannot
//     change the verdict (calmDown): neither needs to be decided about.
//   - A seat is the identity that an id goes by: whoever holds it is the customer of the id. It begins as the identity that
//     the id was born with, and moves on to steadier ones (evidence.Seat).
//   - A set is anchored at its strongest identity that is not shared: the anchor's customer is the owner. Where the anchor is weak
//     and several people had it, owners are spans of time.
//   - A fence is a lock on some customers in the server's memory: who adds rows for known sets holds it shared, who decides a part
//     holds it alone. See attempt.go.
//   - An Attempt is one run of a transaction. It ends with Needs where it lacks ids, fences or rows, and the next one begins with them.
//     Stand is its last look: whether the rules and the known sets still are as they were taken to be.
package oneid
