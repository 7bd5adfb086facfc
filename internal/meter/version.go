package meter

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Version is what a service was deployed with.
type Version struct {
	Service       string `json:"service"`
	Environment   string `json:"environment,omitempty"`
	Model         string `json:"model,omitempty"`
	PromptName    string `json:"prompt_name,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
}

// FirstSeen is a version that was never seen before, by this meter or by those whose checkpoints it goes on from.
type FirstSeen struct {
	Version

	At time.Time
}

// version is one that a service uses.
type version struct {
	Version

	attributes []Pair
	seen       int64 // Unix seconds
}

// quiet is after how long without traffic a version, or the drift of scores, is shown no more: a version that is used again then begins a
// series again, as a deployment does.
const quiet = 24 * 3600 // seconds

// version finds the version of a breakdown, nil where the span names none or there is no room for its series.
func (s *service) version(b *Breakdown) *version {
	key := Version{s.key.name, s.key.environment, b.Model, b.PromptName, b.PromptVersion}
	if b.Model == "" && b.PromptName == "" && b.PromptVersion == "" {
		return nil
	}
	v := s.versions[key]
	if v != nil {
		return v
	}
	if s == s.meter.nobody || !s.take(1) {
		return nil
	}
	attributes := s.base
	for _, p := range [...]Pair{{catalog.Model, b.Model}, {catalog.PromptName, b.PromptName}, {catalog.PromptVersion, b.PromptVersion}} {
		if p.Value != "" {
			attributes = with(attributes, p)
		}
	}
	v = &version{Version: key, attributes: attributes}
	s.versions[key] = v
	s.meter.live.Add(1)
	return v
}

// collectVersions hands out a 1 for each version in use, and reports them as seen.
func (s *service) collectVersions(now time.Time, emit func(Point)) {
	for _, v := range s.versions {
		if v.seen == 0 || now.Unix()-v.seen >= quiet {
			continue
		}
		emit(Point{Metric: catalog.VersionInfo, Attributes: v.attributes, Sum: 1})
		s.meter.seen.use(v.Version, v.seen)
	}
}

// seen is the versions that were ever seen, up to a bound: over it, the one that was used longest ago is forgotten. How long ago that is
// does not matter: one that comes back after a month is not new.
type seen struct {
	mu      sync.Mutex
	known   *simplelru.LRU[Version, int64] // when it was used last, Unix seconds
	fresh   []FirstSeen                    // which nobody has been told of yet
	changed bool                           // since the last checkpoint
}

const (
	maxVersions = 10_000 // 2 MB
	maxFresh    = 1_000
	// stale is by how much a checkpoint may be behind with when a version was used last.
	stale = 3600 // seconds
)

func newSeen() *seen {
	known, _ := simplelru.NewLRU[Version, int64](maxVersions, nil) // it fails for sizes that are not positive
	return &seen{known: known}
}

func (s *seen) use(v Version, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.known.Get(v)
	if ok && at < before+stale {
		return
	}
	s.known.Add(v, at)
	s.changed = true
	if !ok && len(s.fresh) < maxFresh {
		s.fresh = append(s.fresh, FirstSeen{v, time.Unix(at, 0)})
	}
}

// FirstSeen gives the versions that are new since the last call to tell, which is told of all of them or, where it fails, again.
func (m *Meter) FirstSeen(tell func([]FirstSeen) error) error {
	m.seen.mu.Lock()
	fresh := slices.Clone(m.seen.fresh)
	m.seen.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	slices.SortFunc(fresh, func(a, b FirstSeen) int { return strings.Compare(a.Service+a.Environment, b.Service+b.Environment) })
	if err := tell(fresh); err != nil {
		return err
	}
	m.seen.mu.Lock()
	defer m.seen.mu.Unlock()
	m.seen.fresh = slices.Delete(m.seen.fresh, 0, len(fresh)) // others were appended meanwhile
	return nil
}

type savedVersion struct {
	Version

	Seen int64 `json:"seen"` // Unix seconds
}

// marshal writes the versions that somebody was told of, nil where they are as they were.
func (s *seen) marshal() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed {
		return nil
	}
	s.changed = false
	untold := make(map[Version]bool, len(s.fresh))
	for _, f := range s.fresh {
		untold[f.Version] = true
	}
	list := []savedVersion{}
	for _, v := range s.known.Keys() { // oldest first
		if at, ok := s.known.Peek(v); ok && !untold[v] {
			list = append(list, savedVersion{v, at})
		}
	}
	s.changed = len(untold) > 0
	b, _ := json.Marshal(list)
	return b
}

func (s *seen) unsaved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = true
}

func (s *seen) unmarshal(b []byte, now time.Time) error {
	var list []savedVersion
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range list {
		s.known.Add(v.Version, min(v.Seen, now.Unix()))
	}
	return nil
}
