package sqlstore

import (
	"github.com/faultline-otel/faultline/internal/review/sqlstore/checkpoints"
)

// Checkpoint returns what a component keeps beside the items.
func (s *Store) Checkpoint(owner string) *checkpoints.Store { return checkpoints.New(s.db, owner) }
