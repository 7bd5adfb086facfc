package review

// Health says whether a store works, and else why not.
type Health string

// The states of a store.
const (
	Healthy  Health = "ok"
	Damaged  Health = "damaged"   // the file holds what no store wrote
	Deleted  Health = "deleted"   // the open file is no longer at its path
	Replaced Health = "replaced"  // another file is at the path
	DiskFull Health = "disk_full" // too little free space; the store can be read
	IOError  Health = "io_error"  // the disk reports errors; the store may be readable
	// Unreachable is a database that cannot be reached, or that takes no writes.
	Unreachable Health = "unreachable"
)

// Unhealthy lists the states of a store that does not work.
func Unhealthy() []Health {
	return []Health{Damaged, Deleted, Replaced, DiskFull, IOError, Unreachable}
}

// String says what is wrong, in words for people.
func (h Health) String() string {
	switch h {
	case Healthy:
		return "the review store works"
	case Damaged:
		return "the file of the review store is damaged"
	case Deleted:
		return "the file of the review store was deleted or moved while it was open"
	case Replaced:
		return "the file of the review store was replaced by another one while it was open"
	case DiskFull:
		return "the disk of the review store is almost full"
	case IOError:
		return "the disk of the review store reports errors"
	case Unreachable:
		return "the database of the review store cannot be reached"
	}
	return "the review store has an unknown problem: " + string(h)
}

// Readable reports whether the store can be read.
func (h Health) Readable() bool { return h == Healthy || h == DiskFull || h == IOError }

// UnavailableError reports that the store does not work for now. Callers should keep their data and try again.
type UnavailableError struct {
	Health Health
	Err    error // the cause, nil if the health says all
}

// Error says what is wrong with the store.
func (e *UnavailableError) Error() string {
	if e.Err != nil {
		return e.Health.String() + ": " + e.Err.Error()
	}
	return e.Health.String()
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }
