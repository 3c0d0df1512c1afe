package access

// shelf is what a Book knows of the entries of one kind. Changes come to it twice:
// from Watch, in their order, and from the Book itself for what it has just stored,
// which must be seen at once. The revision says which is newer.
type shelf[T any] struct {
	items map[string]item[T]
	read  func(key string, data []byte) (T, error)
}

type item[T any] struct {
	// value is nil if the entry can not be read, or was deleted.
	value    *T
	revision uint64
	// gone: deleted by this Book, and Watch has not told it yet, which may still tell
	// what came before.
	gone bool
}

func newShelf[T any](read func(key string, data []byte) (T, error)) shelf[T] {
	return shelf[T]{map[string]item[T]{}, read}
}

// get returns the value of a key: nil and true for one that can not be read.
func (s *shelf[T]) get(key string) (value *T, there bool) {
	it, ok := s.items[key]
	return it.value, ok && !it.gone
}

// revision of a key, 0 if there is no entry.
func (s *shelf[T]) revision(key string) uint64 {
	if it := s.items[key]; !it.gone {
		return it.revision
	}
	return 0
}

// told takes what Watch says, and reports whether it is new, and what is wrong with
// the value.
func (s *shelf[T]) told(c Change) (changed bool, err error) {
	it, known := s.items[c.Key]
	if known && c.Revision <= it.revision {
		return false, nil
	}
	if c.Value == nil {
		delete(s.items, c.Key)
		return known && !it.gone, nil
	}
	return true, s.put(c.Key, c.Value, c.Revision)
}

// stored takes what this Book has stored, Watch being as far as seen. What Watch has
// passed and does not know any more was deleted after it.
func (s *shelf[T]) stored(key string, value []byte, revision, seen uint64) (changed bool) {
	it, known := s.items[key]
	if known && revision <= it.revision || !known && revision <= seen {
		return false
	}
	_ = s.put(key, value, revision) // written by this Book: it can be read
	return true
}

// deleted takes that this Book has deleted an entry which had the revision was.
func (s *shelf[T]) deleted(key string, was uint64) (changed bool) {
	it, known := s.items[key]
	if !known || it.revision > was {
		return false
	}
	s.items[key] = item[T]{revision: was, gone: true}
	return true
}

func (s *shelf[T]) put(key string, data []byte, revision uint64) error {
	value, err := s.read(key, data)
	if err != nil {
		s.items[key] = item[T]{revision: revision}
		return err
	}
	s.items[key] = item[T]{value: &value, revision: revision}
	return nil
}

// each calls do with all that is there. A value is nil if it can not be read.
func (s *shelf[T]) each(do func(key string, value *T)) {
	for key, it := range s.items {
		if !it.gone {
			do(key, it.value)
		}
	}
}
