package actors_test

import (
	"context"
	"fmt"
	"time"

	"parley/actors"
)

// counterMsg is what a counter takes. Sealed: only this package has messages.
type counterMsg interface{ counterMsg() }

type add struct{ n int }

type total struct{ reply actors.Reply[int] }

func (add) counterMsg()   {}
func (total) counterMsg() {}

type counter struct{ sum int }

func (c *counter) Handle(_ *actors.Context[counterMsg], msg counterMsg) {
	switch m := msg.(type) {
	case add:
		c.sum += m.n
	case total:
		m.reply.Send(c.sum)
	}
}

func newCounter() actors.Handler[counterMsg] { return &counter{} }

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sys := actors.NewSystem(actors.Options{})
	ref, err := actors.Spawn(sys, actors.Spec[counterMsg]{Kind: "counter", Name: "visitors", New: newCounter})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 4 {
		if err := ref.Tell(add{i}, actors.Block(ctx)); err != nil {
			fmt.Println(err)
		}
	}
	sum, err := actors.Ask(ctx, ref, func(r actors.Reply[int]) counterMsg { return total{r} })
	fmt.Println(sum, err)
	fmt.Println(sys.Stop(ctx))
	// Output:
	// 6 <nil>
	// <nil>
}

// A lamp goes out by itself. Its timer is a message to itself.
type lamp struct{ out *actors.Timer[string] }

func (l *lamp) Handle(ctx *actors.Context[string], msg string) {
	switch msg {
	case "on":
		l.out.Stop()
		l.out = ctx.After(time.Millisecond, "off")
		fmt.Println("on")
	case "off":
		fmt.Println("off")
		ctx.Stop(nil)
	}
}

func ExampleContext_After() {
	sys := actors.NewSystem(actors.Options{})
	ref, err := actors.Spawn(sys, actors.Spec[string]{
		Kind: "lamp", New: func() actors.Handler[string] { return &lamp{} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = ref.Tell("on", actors.Drop)
	<-ref.Done()
	// Output:
	// on
	// off
}

// A house learns what becomes of its children.
type house struct{}

func (house) Handle(ctx *actors.Context[string], name string) {
	_, err := actors.Spawn(ctx, actors.Spec[string]{
		Kind: "guest", Name: name, New: func() actors.Handler[string] { return guest{} },
	})
	if err != nil {
		fmt.Println(err)
	}
}

func (house) Exited(ctx *actors.Context[string], exit actors.Exit) {
	fmt.Printf("%s %s: %v\n", exit.Kind, exit.Name, exit.Err)
	ctx.Stop(nil)
}

type guest struct{}

func (guest) Handle(*actors.Context[string], string) {}

func (guest) Init(*actors.Context[string]) error { return fmt.Errorf("no chair") }

func ExampleExitHandler() {
	sys := actors.NewSystem(actors.Options{})
	ref, err := actors.Spawn(sys, actors.Spec[string]{
		Kind: "house", New: func() actors.Handler[string] { return house{} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = ref.Tell("ann", actors.Drop)
	<-ref.Done()
	// Output:
	// guest ann: no chair
}
