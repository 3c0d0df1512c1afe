// Package engine decides: rooms, participants, who sees and hears whom.
package engine
