package runner

import (
	"os"
	"path/filepath"
	"strconv"
)

// Cache keeps what runs recorded, a file each, by what the system was given and how it was run. A baseline that did not
// change is so run once. Runs that failed are not kept. A nil Cache is empty.
type Cache struct{ dir string }

// OpenCache returns the cache in a folder, which it makes.
func OpenCache(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Cache{dir}, nil
}

func (k *Cache) path(c *Case, runner string) string {
	name := digest(runner, c.Hash, c.Row, strconv.Itoa(c.Run))
	return filepath.Join(k.dir, name[:2], name+".jsonl")
}

// Get returns what a run recorded earlier, nil where there is none.
func (k *Cache) Get(c *Case, runner string) []byte {
	if k == nil {
		return nil
	}
	lines, err := os.ReadFile(k.path(c, runner))
	if err != nil || len(lines) == 0 || lines[len(lines)-1] != '\n' {
		return nil
	}
	return lines
}

// Put keeps a run. A cache that cannot be written costs time, not the result.
func (k *Cache) Put(c *Case, runner string, lines []byte) {
	if k == nil {
		return
	}
	path := k.path(c, runner)
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return
	}
	_, err = f.Write(lines)
	if f.Close() != nil || err != nil || os.Rename(f.Name(), path) != nil {
		_ = os.Remove(f.Name())
	}
}
