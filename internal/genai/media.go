package genai

// MediaTokens counts the tokens of a call that are sound or pictures. They are a part of its Tokens.
type MediaTokens struct {
	InputAudio     int64 // without CacheReadAudio
	CacheReadAudio int64
	OutputAudio    int64
	InputImage     int64
	OutputImage    int64
}
