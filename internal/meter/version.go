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

// Version is a deployed model and prompt version of a service.
type Version struct {
	Service       string `json:"service"`
	Environment   string `json:"environment,omitempty"`
	Model         string `json:"model,omitempty"`
	PromptName    string `json:"prompt_name,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
}

// FirstSeen is a version that this meter and its checkpoints had never seen before.
type FirstSeen struct {
	Version

	At time.Time
}

// version is a version in use by a service.
type version struct {
	Version

	attributes []Pair
	seen       int64 // Unix seconds
}

// quiet is the time without traffic after which a version, or the drift of scores, is no longer exported. A version
// that is used again after that starts a new series, like a deployment.
const quiet = 24 * 3600 // seconds

// version finds the version of a breakdown. It is nil if the span has none or there is no room for its series.
func (s *service) version(b *Breakdown) *version {
	key := Version{s.key.name, s.key.environment, b.Model, b.PromptName, b.PromptVersion}
	if b.Model == "" && b.PromptName == "" && b.PromptVersion == "" {
		return nil
	}
	v := s.versions[key]
	if v != nil {
		return v
	}
	if s == s.meter.overflowService || !s.take(1) {
		return nil
	}
	attributes := s.base
	for _, p := range [...]Pair{
		{catalog.Model, b.Model},
		{catalog.PromptName, b.PromptName},
		{catalog.PromptVersion, b.PromptVersion},
	} {
		if p.Value != "" {
			attributes = with(attributes, p)
		}
	}
	v = &version{Version: key, attributes: attributes}
	s.versions[key] = v
	s.meter.live.Add(1)
	return v
}

// collectVersions emits 1 for each version in use, and marks them as seen.
func (s *service) collectVersions(now time.Time, emit func(Point)) {
	for _, v := range s.versions {
		if v.seen == 0 || now.Unix()-v.seen >= quiet {
			continue
		}
		emit(Point{Metric: catalog.VersionInfo, Attributes: v.attributes, Sum: 1})
		s.meter.seen.use(v.Version, v.seen)
	}
}

// seen holds all versions ever seen, up to a bound. Beyond the bound the least recently used version is forgotten. A
// version does not expire: one that comes back after a month is not new.
type seen struct {
	mu      sync.Mutex
	known   *simplelru.LRU[Version, int64] // last use, Unix seconds
	fresh   []FirstSeen                    // not yet reported
	changed bool                           // since the last checkpoint
}

const (
	maxVersions = 10_000 // 2 MB
	maxFresh    = 1_000
	// stale is the maximum lag of the last use in a checkpoint.
	stale = 3600 // seconds
)

func newSeen() *seen {
	known, _ := simplelru.NewLRU[Version, int64](maxVersions, nil) // fails only for sizes that are not positive
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

// FirstSeen passes the versions that are new since the last call to report. If report fails, the next call passes them
// again.
func (m *Meter) FirstSeen(report func([]FirstSeen) error) error {
	m.seen.mu.Lock()
	fresh := slices.Clone(m.seen.fresh)
	m.seen.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	slices.SortFunc(
		fresh,
		func(a, b FirstSeen) int { return strings.Compare(a.Service+a.Environment, b.Service+b.Environment) },
	)
	if err := report(fresh); err != nil {
		return err
	}
	m.seen.mu.Lock()
	defer m.seen.mu.Unlock()
	m.seen.fresh = slices.Delete(m.seen.fresh, 0, len(fresh)) // more may have been appended meanwhile
	return nil
}

type savedVersion struct {
	Version

	Seen int64 `json:"seen"` // Unix seconds
}

// marshal writes the reported versions. It returns nil if nothing changed since the last call.
func (s *seen) marshal() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed {
		return nil
	}
	s.changed = false
	unreported := make(map[Version]bool, len(s.fresh))
	for _, f := range s.fresh {
		unreported[f.Version] = true
	}
	list := []savedVersion{}
	for _, v := range s.known.Keys() { // oldest first
		if at, ok := s.known.Peek(v); ok && !unreported[v] {
			list = append(list, savedVersion{v, at})
		}
	}
	s.changed = len(unreported) > 0
	b, _ := json.Marshal(list)
	return b
}

func (s *seen) markChanged() {
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
