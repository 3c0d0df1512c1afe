package access

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRightsHaveNames(t *testing.T) {
	if n := len(strings.Fields(AllRights.String())); n != len(rightNames) || Right(1)<<n != pastRights {
		t.Errorf("%d names for %d rights", len(rightNames), n)
	}
	if got := (MayBan | MayChat).String(); got != "chat ban" {
		t.Errorf("named %q", got)
	}
	if !AllRights.Has(MayBan|MayChat) || MayChat.Has(MayChat|MayBan) || !NoRight.Has(NoRight) {
		t.Error("Has does not compare all bits")
	}
}

func TestRightsOf(t *testing.T) {
	all := DefaultSettings().May
	none := May{}
	const sending = MaySpeak | MayShow | MayShare
	for name, test := range map[string]struct {
		role Role
		firm bool
		may  May
		deny Right
		want Right
	}{
		"host by token":                {Host, true, all, 0, AllRights},
		"host by being first":          {Host, false, all, 0, AllRights &^ MayBan},
		"host where nobody may":        {Host, true, none, 0, AllRights},
		"host whose token denies":      {Host, true, all, MayShare | MayBan, AllRights &^ (MayShare | MayBan)},
		"cohost":                       {Cohost, true, none, 0, AllRights &^ MayHost},
		"cohost made by a host":        {Cohost, false, all, 0, AllRights &^ (MayHost | MayBan)},
		"speaker":                      {Speaker, true, all, 0, AllRights &^ (MayKeepOrder | MayHost | MayBan)},
		"speaker where nobody may":     {Speaker, false, none, 0, AllRights &^ (MayKeepOrder | MayHost | MayBan | sending | MayChat)},
		"speaker where none may share": {Speaker, false, May{true, true, false, true}, 0, AllRights &^ (MayKeepOrder | MayHost | MayBan | MayShare)},
		"listener":                     {Listener, true, all, 0, MayChat | MayRaiseHand | MayReact | MaySubscribe | MayUpdateMetadata},
		"listener where none may chat": {Listener, false, none, 0, MayRaiseHand | MayReact | MaySubscribe | MayUpdateMetadata},
		"nobody":                       {NoRole, true, all, 0, NoRight},
		"a role of a later version":    {Host + 1, true, all, 0, NoRight},
	} {
		if got := RightsOf(test.role, test.firm, test.may, test.deny); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestGreaterRoleMayMore: that is what the order of roles promises.
func TestGreaterRoleMayMore(t *testing.T) {
	for role := Listener; role < Host; role++ {
		for _, may := range []May{{}, DefaultSettings().May} {
			less, more := RightsOf(role, true, may, 0), RightsOf(role+1, true, may, 0)
			if !more.Has(less) || more == less {
				t.Errorf("%s may %s, %s may %s", role, less, role+1, more)
			}
		}
	}
}

func TestRolesInJSON(t *testing.T) {
	for _, role := range []Role{NoRole, Listener, Speaker, Cohost, Host} {
		data, err := json.Marshal(role)
		var back Role
		if err != nil || json.Unmarshal(data, &back) != nil || back != role {
			t.Errorf("%s became %s by %s, %v", role, back, data, err)
		}
	}
	var r Role
	for _, wrong := range []string{`"boss"`, `"Host"`, `"host "`, `1`} {
		if err := json.Unmarshal([]byte(wrong), &r); err == nil {
			t.Errorf("%s is the role %s", wrong, r)
		}
	}
}
