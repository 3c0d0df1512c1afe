package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/transport/httpd"
)

// printBox prints what a person needs to know after the start, framed.
func printBox(out io.Writer, title string, rows [][2]string, notes []string) {
	lines := []string{title, ""}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%-9s %s", r[0], r[1]))
	}
	if len(notes) > 0 {
		lines = append(lines, "")
		lines = append(lines, notes...)
	}
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	edge := strings.Repeat("─", width+2)
	fmt.Fprintf(out, "┌%s┐\n", edge)
	for _, l := range lines {
		fmt.Fprintf(out, "│ %s%s │\n", l, strings.Repeat(" ", width-utf8.RuneCountInString(l)))
	}
	fmt.Fprintf(out, "└%s┘\n", edge)
}

// mostAddresses bounds the addresses that the box lists for other machines.
const mostAddresses = 4

// elsewhere are the rows with the addresses under which other machines reach a
// server that listens on all of them: those that media is offered at, which leaves
// out the bridges of containers and virtual machines.
func elsewhere(media []netip.AddrPort, scheme string, port int) (rows [][2]string) {
	seen := map[netip.Addr]bool{}
	for _, at := range media {
		addr := at.Addr().Unmap()
		if addr.IsLoopback() || addr.IsLinkLocalUnicast() || seen[addr] {
			continue
		}
		seen[addr] = true
		if len(rows) < mostAddresses {
			rows = append(rows, [2]string{"", pageURL(scheme, addr.String(), port)})
		}
	}
	if more := len(seen) - len(rows); more > 0 {
		rows = append(rows, [2]string{"", fmt.Sprintf("and at %d more addresses", more)})
	}
	return rows
}

func pageURL(scheme, host string, port int) string {
	return httpd.Site{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(port))}.String()
}
