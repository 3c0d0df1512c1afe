package main

// limitFlags are what one address may do. They are one family: --limit-… each,
// 0 is no limit, and all of a minute's worth may come at once. An IPv6 /64 is one
// address. The defaults let a school of 1,000 behind one address in within a
// minute, and all of it back at once when its line was cut.
type limitFlags struct {
	Joins    int `help:"Joins per minute from one address (IPv6: from one /64), all of which may come at once; 0 for any number. Coming back into a meeting after a lost connection is no join. Loopback is exempt from this and the other --limit-… while the server listens on loopback only and no --trusted-proxies are set." default:"1200" env:"PARLEY_LIMIT_JOINS" group:"limits"`
	Sockets  int `help:"WebSockets at once from one address; every participant holds one. 0 for any number." default:"2500" env:"PARLEY_LIMIT_SOCKETS" group:"limits"`
	Opens    int `help:"WebSockets opened per minute from one address, also by those who come back; 0 for any number." default:"3000" env:"PARLEY_LIMIT_OPENS" group:"limits"`
	Requests int `help:"Connections at once from one address that are no WebSockets (pages, API calls); 0 for any number." default:"1024" env:"PARLEY_LIMIT_REQUESTS" group:"limits"`
	Records  int `help:"Ratings and meeting records asked for per minute from one address, by those who were in the meeting; 0 for any number." default:"3000" env:"PARLEY_LIMIT_RECORDS" group:"limits"`
}

// check finds numbers that make no sense.
func (l *limitFlags) check() error {
	for name, n := range map[string]int{
		"joins": l.Joins, "sockets": l.Sockets, "opens": l.Opens, "requests": l.Requests, "records": l.Records,
	} {
		if n < 0 {
			return usage("--limit-%s must be at least 0, which is no limit", name)
		}
	}
	return nil
}

// orNone is a limit as settings whose zero means the default take it.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
