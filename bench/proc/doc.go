// Package proc watches and places processes: CPU time and memory of a server
// by its pid, its /metrics page, CPU affinity, and a server of our own as a
// child process.
//
// What a system can not tell is an error or is absent, never zero.
package proc
