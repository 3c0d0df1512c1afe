package client

import (
	"fmt"
	"testing"

	"parley/bench/load"
	"parley/engine/wire"
)

// listener makes a client of room r that counts texts of run 7 said from 1000 on.
func listener(room string) *Client {
	sh := &Shard{cfg: &Config{Run: 7}, stats: load.NewStats()}
	sh.chat.reset(1000)
	return &Client{shard: sh, spec: &Spec{Room: room}}
}

func delivery(text string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"seq":5,"text":%q}`, wire.TypeChatMessage, text)
}

func TestTextsAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		texts []string
		want  ChatStats
	}{
		"delivered":           {[]string{chatText(7, 1000, "r", 100), chatText(7, 2000, "r", 1)}, ChatStats{Delivered: 2}},
		"before the window":   {[]string{chatText(7, 999, "r", 100)}, ChatStats{}},
		"of another run":      {[]string{chatText(8, 2000, "r", 100)}, ChatStats{}},
		"of another room":     {[]string{chatText(7, 2000, "s", 100)}, ChatStats{Astray: 1}},
		"of a longer name":    {[]string{chatText(7, 2000, "r1", 100)}, ChatStats{Astray: 1}},
		"twice":               {[]string{chatText(7, 2000, "r", 100), chatText(7, 2000, "r", 100)}, ChatStats{Delivered: 1, Repeated: 1}},
		"twice, with another": {[]string{chatText(7, 2000, "r", 9), chatText(7, 2001, "r", 9), chatText(7, 2000, "r", 9)}, ChatStats{Delivered: 2, Repeated: 1}},
		"cut short":           {[]string{"parley-bench:7:2000:r", "parley-bench:7:", "parley-bench:"}, ChatStats{}},
		"no numbers":          {[]string{"parley-bench:x:2000:r:", "parley-bench:7:x:r:", "parley-bench:7:99999999999999999999:r:"}, ChatStats{}},
	} {
		t.Run(name, func(t *testing.T) {
			cl := listener("r")
			for _, text := range c.texts {
				if !cl.onChat(delivery(text), 5_000_000) {
					t.Errorf("%q was not taken", text)
				}
			}
			got := cl.shard.chat
			if n := got.Delay.TotalCount(); n != int64(c.want.Delivered) {
				t.Errorf("%d delays of %d deliveries", n, c.want.Delivered)
			}
			if (got.Bytes > 0) != (c.want.Delivered > 0) {
				t.Errorf("%d bytes", got.Bytes)
			}
			got.Delay, got.Bytes, got.from = nil, 0, 0
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestOtherMessagesAreNotTexts(t *testing.T) {
	cl := listener("r")
	for _, msg := range []string{string(delivery("hello")), `{"type":"other","x":"` + chatText(7, 2000, "r", 0) + `"}`, ""} {
		if cl.onChat([]byte(msg), 5000) {
			t.Errorf("%q was taken", msg)
		}
	}
}

// TestAListenerRemembersTheLastTexts, and only so many.
func TestAListenerRemembersTheLastTexts(t *testing.T) {
	var h heard
	for at := range int64(40) {
		if h.again(at + 1) {
			t.Errorf("text %d was said to be known", at)
		}
	}
	for at := int64(40); at > 40-int64(len(h.at)); at-- {
		if !h.again(at) {
			t.Errorf("text %d of 40 is forgotten", at)
		}
	}
	if h.again(40 - int64(len(h.at))) {
		t.Error("more is remembered than there is room for")
	}
}

func TestChatTextIsAsLongAsAsked(t *testing.T) {
	for _, size := range []int{0, 10, 100, 4000} {
		if got := len(chatText(7, 123, "room", size)); got != max(size, len("parley-bench:7:123:room:")) {
			t.Errorf("%d bytes asked, %d made", size, got)
		}
	}
}
