package scorers

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/score/schema"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
)

// found is the failure that a scorer looks for. No details are all of the class.
type found struct {
	class   failure.Class
	details []string
}

var finds = map[string]found{
	toolcall.Name: {failure.ToolCallMalformed, nil},
	schema.Name:   {failure.SchemaViolation, nil},

	text.RefusalName:    {failure.Refusal, nil},
	text.JailbreakName:  {failure.Unsafe, []string{failure.Jailbreak}},
	text.InjectionName:  {failure.Unsafe, []string{failure.PromptInjection}},
	text.ToxicityName:   {failure.Unsafe, []string{failure.Toxicity}},
	text.DegenerateName: {failure.BadAnswer, []string{failure.Empty, failure.Repetition, failure.WrongLanguage}},

	ground.GroundednessName: {failure.Hallucination, nil},
	ground.RelevanceName:    {failure.BadAnswer, []string{failure.OffTopic}},

	pattern.PIIName:     {failure.Unsafe, []string{failure.PIILeak}},
	pattern.SecretsName: {failure.Unsafe, []string{failure.SecretLeak}},
}

// Finds returns the failure that a scorer looks for, with its details; none are all of the class. ok is false for the
// rules of a scorer file, which look for what their author says.
func Finds(scorer string) (class failure.Class, details []string, ok bool) {
	f, ok := finds[scorer]
	return f.class, f.details, ok
}
