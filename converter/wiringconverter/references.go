package wiringconverter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reference is a key whose value is the id of an extension.
type reference struct {
	path  []string
	wants string // the type of extension, or the end of it
}

// referencesOf are the keys by type of component, "" for every type. A component of others may have a map under such a
// key, and mean something else.
var referencesOf = map[string][]reference{
	"":            {{[]string{"storage"}, "storage"}, {[]string{"sending_queue", "storage"}, "storage"}},
	"llm_session": {{[]string{"budget"}, "llm_budget"}},
}

// references finds extensions that a running component names, and that do not run.
func references(s *settings) []finding {
	var found []finding
	for _, c := range s.all() {
		if !s.used(c.section, c.id) {
			continue
		}
		for _, ref := range slices.Concat(referencesOf[""], referencesOf[typeOf(c.id)]) {
			value := at(c.config, ref.path...)
			if _, text := value.(string); value != nil && (text || isOurs(typeOf(c.id))) {
				found = append(found, s.extension(c.key()+"::"+strings.Join(ref.path, "::"), value, ref.wants)...)
			}
		}
		if c.section != extensions && typeOf(c.id) == "llm_review" {
			id := at(c.config, "review")
			if id == nil {
				id = "llm_review" // the default
			}
			found = append(found, s.extension(c.key()+"::review", id, "llm_review")...)
		}
		found = append(found, s.authenticators(c.key(), c.config)...)
	}
	return found
}

// authenticators follows every auth::authenticator of a component.
func (s *settings) authenticators(key string, config any) []finding {
	var found []finding
	m, _ := config.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if id := at(m[name], "authenticator"); name == "auth" && id != nil {
			found = append(found, s.extension(key+"::auth::authenticator", id, "")...)
		}
		found = append(found, s.authenticators(key+"::"+name, m[name])...)
	}
	return found
}

// extension checks that the value of a key is the id of an extension that runs and is of the wanted type.
func (s *settings) extension(key string, value any, wants string) []finding {
	id, ok := value.(string)
	switch _, configured := s.components[extensions][id]; {
	case !ok || strings.ContainsAny(id, ".\\ ") || strings.HasPrefix(id, "/"):
		example := wants
		if wants == "storage" {
			example = "llm_storage"
		}
		return []finding{{key, fmt.Sprintf("must be the id of an extension, such as %s, got %v", example, value), true}}
	case !configured:
		text := fmt.Sprintf("extension %q is not configured: add it under extensions and to service::extensions", id)
		return []finding{{key, text, true}}
	case wants != "" && wants != "storage" && typeOf(id) != wants:
		return []finding{{key, fmt.Sprintf("must be the id of an %s extension, got %q", wants, id), true}}
	case wants == "storage" && isOurs(typeOf(id)) && typeOf(id) != "llm_storage":
		return []finding{{key, fmt.Sprintf("extension %q is not a storage extension, such as llm_storage", id), true}}
	case !slices.Contains(s.listed, id):
		return []finding{{key, fmt.Sprintf("extension %q is not in service::extensions", id), true}}
	}
	return nil
}

// idle finds components that are configured and do nothing.
func idle(s *settings) []finding {
	var found []finding
	feeds := func(section, typ, key string) bool {
		return slices.ContainsFunc(s.all(), func(c component) bool {
			return c.section == section && typeOf(c.id) == typ && s.used(section, c.id) &&
				(key == "" || at(c.config, key) != nil)
		})
	}
	for _, c := range s.all() {
		typ, used := typeOf(c.id), s.used(c.section, c.id)
		warn := func(text string) { found = append(found, finding{key: c.key(), text: text}) }
		switch {
		case c.section == extensions && !used:
			warn("is not in service::extensions, so it does not run")
		case isOurs(typ) && !used:
			warn("is in no pipeline, so it does nothing")
		case c.section == extensions && typ == "llm_budget" && !feeds(processors, "llm_session", "budget"):
			warn("no llm_session has budget: " + c.id + ", so it sees no session")
		case c.section == extensions && typ == "llm_review" && !feeds(exporters, "llm_review", ""):
			warn("no pipeline exports to llm_review, so its queue stays empty")
		}
	}
	return found
}
