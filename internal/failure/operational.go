package failure

// Operational reports whether a failure is not the application's doing: limits, outages and time-outs of the provider,
// and credentials.
func Operational(class Class, detail string) bool {
	switch class { //nolint:exhaustive // the others are the application's
	case RateLimit:
		return detail != "budget"
	case ProviderError:
		return detail != "invalid_request"
	case Timeout:
		return true
	}
	return false
}
