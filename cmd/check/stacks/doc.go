// Command stacks drives foreign WebRTC stacks against the real server and
// prints a table of what each of them does with a check of the server's:
//
//	go run ./cmd/check/stacks
//	go run ./cmd/check/stacks --stacks aiortc,werift --json found.json
//
// ICE-lite servers send no checks as a rule, so that nothing but a trial tells
// how a stack takes one. A program of clients/ makes a stack offer, take an
// answer, restart ICE and count what it opens (clients/README.md says how); the
// driver speaks parley.v1 for it and puts a relay between:
//
//	program ◀─lines─▶ driver ◀─WebSocket─▶ server ◀── company (bench/client)
//	   ▲                                     ▲
//	   └───────UDP───────▶ relay ◀────UDP────┘
//
// The relay knows the credentials of both sides from offer and answer. It sees
// the server's checks and the stack's answers, loses some where that is wanted,
// and gives the stack's addresses new ones at the server. Where a server makes no checks
// the relay makes them in its place, just before each answer of the server, and
// holds DTLS until the address is proven, so that the table does not depend on
// which server it is. --repeat says when it repeats a check that was not
// answered: what that is worth shows in the column of lost checks.
//
// For "a=setup:active" in the server's answer the driver shakes hands in the
// server's place, as the DTLS client; media is not looked at then.
//
// The command is run in the module's root. What it needs it installs, as root
// with apt, and with npm in its own folder; a stack that can not be had is named and left
// out. The steps stack-… of cmd/check drive one stack each. No stack is given a STUN
// server, so that all traffic stays on the machine.
//
// The exit code is 1 if a stack that is installed does not join, gets no media
// through or does not answer the check, 2 if a stack is not known and 3 if none
// of those asked for can be had. Everything else is told only.
package main
