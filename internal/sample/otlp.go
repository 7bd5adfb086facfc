package sample

import (
	"strconv"
	"time"
)

// The part of OTLP/JSON that the generator writes. The generator has its own types, so that the sample is what an SDK
// sends and not what the Collector's writer makes of it.
type export struct {
	ResourceSpans []resourceSpans `json:"resourceSpans"`
}

type resourceSpans struct {
	Resource   resource     `json:"resource"`
	ScopeSpans []scopeSpans `json:"scopeSpans"`
}

type resource struct {
	Attributes []attribute `json:"attributes"`
}

type scopeSpans struct {
	Scope scope  `json:"scope"`
	Spans []span `json:"spans"`
}

type scope struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type span struct {
	TraceID    string      `json:"traceId"`
	SpanID     string      `json:"spanId"`
	ParentID   string      `json:"parentSpanId,omitempty"`
	Name       string      `json:"name"`
	Kind       int         `json:"kind"`
	Start      string      `json:"startTimeUnixNano"`
	End        string      `json:"endTimeUnixNano"`
	Attributes []attribute `json:"attributes,omitempty"`
	Events     []event     `json:"events,omitempty"`
	Status     status      `json:"status"`
}

type event struct {
	Time       string      `json:"timeUnixNano"`
	Name       string      `json:"name"`
	Attributes []attribute `json:"attributes,omitempty"`
}

type status struct {
	Code    int    `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
	statusError  = 2
)

type attribute struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

type anyValue struct {
	String *string  `json:"stringValue,omitempty"`
	Int    *string  `json:"intValue,omitempty"` // OTLP/JSON writes 64-bit numbers as strings
	Double *float64 `json:"doubleValue,omitempty"`
	Bool   *bool    `json:"boolValue,omitempty"`
	Array  *array   `json:"arrayValue,omitempty"`
}

type array struct {
	Values []anyValue `json:"values"`
}

func str(key, value string) attribute { return attribute{key, anyValue{String: &value}} }

func num(key string, value int) attribute {
	text := strconv.Itoa(value)
	return attribute{key, anyValue{Int: &text}}
}

func double(key string, value float64) attribute { return attribute{key, anyValue{Double: &value}} }

func boolean(key string, value bool) attribute { return attribute{key, anyValue{Bool: &value}} }

func strs(key string, values ...string) attribute {
	list := &array{}
	for _, v := range values {
		list.Values = append(list.Values, anyValue{String: &v})
	}
	return attribute{key, anyValue{Array: list}}
}

func unix(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// exception makes the event in which SDKs record an error.
func exception(at time.Time, kind, message string) event {
	return event{
		Time: unix(at), Name: "exception",
		Attributes: []attribute{str("exception.type", kind), str("exception.message", message)},
	}
}
