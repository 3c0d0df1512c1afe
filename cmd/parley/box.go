package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
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
