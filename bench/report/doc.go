// Package report holds what a run found out: the JSON document with its
// stable keys (described in ../README.md, which a test compares with the
// types here), the lines for a terminal, a self-contained HTML page with
// plots, the comparison of two reports, and limits with pass or fail.
//
// It is pure. A value that was not measured is absent (a nil pointer), never
// zero.
package report
