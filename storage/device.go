package storage

import "os"

// device is a file that is written to and synced, or what tests put in between.
type device interface {
	WriteAt(data []byte, at int64) (int, error)
	Datasync() error
}

func (o Options) deviceOf(file *os.File) device {
	if o.device != nil {
		return o.device(file)
	}
	return plainFile{file}
}

// plainFile is a device.
type plainFile struct{ *os.File }

func (f plainFile) Datasync() error { return datasync(f.File) }
