package wiringconverter

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// The sections of a configuration.
const (
	receivers  = "receivers"
	processors = "processors"
	connectors = "connectors"
	exporters  = "exporters"
	extensions = "extensions"
)

var sections = []string{receivers, processors, connectors, exporters, extensions}

// settings is a configuration as the checks read it. What has another shape is absent: the Collector reports it.
type settings struct {
	components map[string]map[string]any // by section and id
	listed     []string                  // service::extensions
	pipelines  []pipeline                // in the order of their ids
}

// pipeline is an entry of service::pipelines. Its lists hold ids.
type pipeline struct {
	id    string
	lists map[string][]string // by section: receivers, processors, exporters
}

func (p *pipeline) key(list string) string { return "service::pipelines::" + p.id + "::" + list }

// carries reports whether the pipeline is for a signal.
func (p *pipeline) carries(signal string) bool { return typeOf(p.id) == signal }

// typeOf returns the type in an id such as type/name.
func typeOf(id string) string {
	typ, _, _ := strings.Cut(id, "/")
	return strings.TrimSpace(typ)
}

func read(conf *confmap.Conf) *settings {
	all := conf.ToStringMap()
	s := &settings{components: map[string]map[string]any{}}
	for _, section := range sections {
		s.components[section], _ = all[section].(map[string]any)
	}
	service, _ := all["service"].(map[string]any)
	s.listed = texts(service[extensions])
	of, _ := service["pipelines"].(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(of)) {
		lists, _ := of[id].(map[string]any)
		p := pipeline{id: id, lists: map[string][]string{}}
		for _, list := range []string{receivers, processors, exporters} {
			p.lists[list] = texts(lists[list])
		}
		s.pipelines = append(s.pipelines, p)
	}
	return s
}

// texts returns the texts of a list.
func texts(value any) []string {
	list, _ := value.([]any)
	var found []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			found = append(found, text)
		}
	}
	return found
}

// used reports whether a component runs: it is in a pipeline, or a listed extension.
func (s *settings) used(section, id string) bool {
	if section == extensions {
		return slices.Contains(s.listed, id)
	}
	return slices.ContainsFunc(s.pipelines, func(p pipeline) bool {
		if section == connectors {
			return slices.Contains(p.lists[receivers], id) || slices.Contains(p.lists[exporters], id)
		}
		return slices.Contains(p.lists[section], id)
	})
}

// component is one that is configured.
type component struct {
	section, id string
	config      any
}

func (c component) key() string { return c.section + "::" + c.id }

// all returns the configured components, ordered by section and id.
func (s *settings) all() []component {
	var found []component
	for _, section := range sections {
		for _, id := range slices.Sorted(maps.Keys(s.components[section])) {
			found = append(found, component{section, id, s.components[section][id]})
		}
	}
	return found
}

// at returns the value of a path of keys, or nil.
func at(config any, path ...string) any {
	for _, key := range path {
		m, _ := config.(map[string]any)
		config = m[key]
	}
	return config
}
