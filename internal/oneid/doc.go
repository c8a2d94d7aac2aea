// Package oneid decides which customer an identity belongs to.
//
// Records show identities together; each record is a star of links from its strongest identity to the others.
// MakePlan, which is pure, says which customers a batch of stars makes, extends and merges. Resolve makes it so
// in the tables: it finds the sets of identities that are known, locks what may change, reads again what it had
// read before, and writes. Events carry their set, and a set has an owner: a merge moves owners and no event.
package oneid
