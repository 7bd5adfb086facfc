package scorers

import (
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Levels returns the levels of a scorer without settings. ok is false for scorers that pass or fail a call without a
// level between.
func Levels(scorer string) (l score.Levels, ok bool) {
	switch scorer {
	case text.RefusalName, text.JailbreakName, text.InjectionName, text.ToxicityName:
		return text.DefaultLevels(scorer), true
	case ground.GroundednessName, ground.RelevanceName:
		return ground.DefaultLevels(scorer), true
	}
	return score.Levels{}, false
}

// LevelsIn returns the levels of a scorer for a service, "" for all the others, as a configuration sets them. on is
// false if the scorer has no levels, or is off there.
func LevelsIn(config score.Config, service, scorer string) (l score.Levels, on bool, err error) {
	l, ok := Levels(scorer)
	settings, there := config.Of(service)[scorer]
	if !ok || !there || settings.Off {
		return l, false, nil
	}
	var levels score.LevelConfig
	if err := strictyaml.Decode(settings.Values, &levels); err != nil {
		return l, false, err
	}
	l, _, err = levels.Apply(l)
	return l, err == nil, err
}
