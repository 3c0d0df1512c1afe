//go:build !linux

package floor

import (
	"context"
	"errors"
)

// microNet needs Linux: its system calls are what is measured.
func microNet(context.Context, []int, func(Step)) error {
	return errors.New("the floors of receive and send need Linux")
}
