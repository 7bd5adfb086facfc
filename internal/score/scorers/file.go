package scorers

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/score"
)

// File is a scorer file that may change while its scorers run.
type File struct {
	path string
	seen stamp
}

// stamp says whether a file was written since. A volume of Kubernetes exchanges the file, which has another time.
type stamp struct {
	written time.Time
	size    int64
}

// OpenFile reads a scorer file and makes its scorers.
func OpenFile(path string) (*File, *score.Set, error) {
	f := &File{path: path}
	f.seen, _ = stampOf(path)
	set, err := f.read()
	return f, set, err
}

// Changed reads the file again if it was written since it was last read. The set is nil where it was not, or where the
// file has mistakes: these are told once for each time that it is written.
func (f *File) Changed() (*score.Set, error) {
	now, err := stampOf(f.path)
	if now == f.seen {
		return nil, nil //nolint:nilnil // nothing to do
	}
	f.seen = now
	if err != nil {
		return nil, errline.Prefix("scorer file "+f.path, err)
	}
	return f.read()
}

func (f *File) read() (*score.Set, error) {
	config, err := Load(f.path)
	if err != nil {
		return nil, err
	}
	set, err := New(config)
	return set, errline.Prefix("scorer file "+f.path, err)
}

// stampOf returns the zero stamp with the error for a file that cannot be read.
func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		if failed, ok := errors.AsType[*fs.PathError](err); ok {
			err = failed.Err
		}
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size()}, nil
}
