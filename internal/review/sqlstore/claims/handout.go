package claims

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// wish is what a person wants: the next case of a view.
type wish struct {
	view
	by      review.Claimant
	granted bool // traceID or err say how
	traceID string
	err     error
}

// view is the part of a queue that somebody takes cases from.
type view struct {
	filter review.Filter
	from   string // trace id of the first case, "" for the beginning of the queue
}

func (w *wish) grant(traceID string, err error) { w.granted, w.traceID, w.err = true, traceID, err }

// grantAll grants a wish, and with it all others of this transaction that have the same view.
func (s *Claims) grantAll(ctx context.Context, tx *database.Prepared, own *wish) error {
	if own.granted {
		return own.err
	}
	var wishes []*wish
	for _, ask := range tx.Asks {
		if w, ok := ask.(*wish); ok && !w.granted && w.view == own.view {
			wishes = append(wishes, w)
		}
	}
	q, err := filter.New(ctx, tx.Tx, s.words, s.db.Queues(), own.filter)
	if err != nil {
		return err
	}
	before, err := spotOf(ctx, tx, own.from)
	if err != nil {
		return err
	}
	if wishes, err = s.grantAssigned(ctx, tx, q, before, wishes); err != nil {
		return err
	}
	if len(wishes) > 1 {
		err = s.handOut(ctx, tx, q, before, wishes)
	}
	for _, w := range wishes {
		if err == nil && !w.granted {
			err = s.grantOne(ctx, tx, q, before, w)
		}
	}
	return errors.Join(err, own.err)
}

// grantOne grants a wish by one statement.
func (s *Claims) grantOne(
	ctx context.Context, tx *database.Prepared, q filter.Query, before filter.Spot, w *wish,
) error {
	traceID, err := s.takeFree(ctx, tx, q, before, w.by, w.from == "")
	if errors.Is(err, sql.ErrNoRows) {
		w.grant("", review.ErrNotFound)
		return nil
	}
	w.grant(traceID, err)
	return err
}

// grantAssigned grants the wishes of people who may have a case that is theirs alone, and returns the others.
func (s *Claims) grantAssigned(
	ctx context.Context, tx *database.Prepared, q filter.Query, before filter.Spot, wishes []*wish,
) (others []*wish, err error) {
	if len(wishes) < 2 || wishes[0].from != "" {
		return wishes, nil
	}
	w := &filter.Where{}
	names := among(w, wishes, func(w *wish) any { return w.by.Name })
	assigned := map[string]bool{}
	err = database.EachRow(ctx, tx, `SELECT DISTINCT assignee FROM items WHERE assignee <> '' AND state = 'open' AND assignee IN `+names,
		func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			assigned[name] = true
			return err
		}, w.Args...)
	for _, w := range wishes {
		switch {
		case err != nil:
			return nil, err
		case assigned[w.by.Name]:
			err = s.grantOne(ctx, tx, q, before, w)
		default:
			others = append(others, w)
		}
	}
	return others, err
}

// offer is a case that is handed out.
type offer struct {
	id                int64
	traceID, assignee string
	judged, reviewers int
	taken             int      // people who have it
	persons           []string // who judged it
}

// suits reports whether a case is for a person. It has room if the person holds it already.
func (o *offer) suits(by *review.Claimant, holds bool) bool {
	others := o.judged + o.taken
	if holds {
		others--
	}
	return others < o.reviewers && (o.assignee == "" || o.assignee == by.Name) &&
		!slices.ContainsFunc(by.Persons(), func(person string) bool { return slices.Contains(o.persons, person) })
}

// spare is how many more cases are read than there are people: some of them may not judge some cases.
const spare = 32

// handOut gives the first cases behind a spot to several people, by one statement. Each gets what they would have got
// had they asked one after the other. It leaves the wishes of those whose case is further behind.
func (s *Claims) handOut(
	ctx context.Context, tx *database.Prepared, q filter.Query, before filter.Spot, wishes []*wish,
) error {
	held, err := s.heldBy(ctx, tx, wishes)
	if err != nil {
		return err
	}
	limit := 2*len(wishes) + spare
	offers, err := s.offers(ctx, tx, q, before, wishes, held, limit)
	if err != nil {
		return err
	}
	index := make(map[int64]*offer, len(offers))
	for i := range offers {
		index[offers[i].id] = &offers[i]
	}
	given := map[string]*wish{} // the last of each holder
	for _, w := range wishes {
		holder := column.Short(w.by.ID)
		at := slices.IndexFunc(offers, func(o offer) bool { return o.suits(&w.by, held[holder] == o.id) })
		if at < 0 {
			if len(offers) == limit {
				break // those behind count on what this one takes
			}
			w.grant("", review.ErrNotFound)
			continue
		}
		if former := index[held[holder]]; former != nil {
			former.taken--
		}
		offers[at].taken++
		held[holder], given[holder] = offers[at].id, w
		w.grant(offers[at].traceID, nil)
	}
	now := s.db.Now()
	list := slices.Collect(maps.Values(given))
	return database.Insert(ctx, tx, insertClaims, s.db.RowsAtOnce(), list, func(w **wish) (int, []any) {
		claim := claimOf((*w).by, now)
		return 0, []any{claim.Holder, held[claim.Holder], claim.Name, column.Nanos(claim.Until)}
	})
}

var insertClaims = database.Insertion{Before: `INSERT INTO claims (holder, item_id, name, until_ns) VALUES `, After: takesOver}

// heldBy returns the cases that people have already.
func (s *Claims) heldBy(ctx context.Context, tx *database.Prepared, wishes []*wish) (map[string]int64, error) {
	w := &filter.Where{}
	w.And("until_ns > ", column.Nanos(s.db.Now()))
	w.Conditions = append(w.Conditions, "holder IN "+among(w, wishes, func(w *wish) any { return column.Short(w.by.ID) }))
	held := map[string]int64{}
	err := database.EachRow(ctx, tx, `SELECT holder, item_id FROM claims`+w.String(), func(rows *sql.Rows) error {
		var holder string
		var id int64
		err := rows.Scan(&holder, &id)
		held[holder] = id
		return err
	}, w.Args...)
	return held, err
}

// offers are the first cases behind a spot that have room, or that one of these people has.
func (s *Claims) offers(
	ctx context.Context, tx *database.Prepared, q filter.Query, before filter.Spot, wishes []*wish,
	held map[string]int64, limit int,
) (offers []offer, err error) {
	for _, part := range q.Behind(before) {
		w := &filter.Where{}
		w.Restrict(q, part)
		w.Conditions = append(w.Conditions,
			"(i.assignee = '' OR i.assignee IN "+among(w, wishes, func(w *wish) any { return w.by.Name })+")")
		taken := `(SELECT COUNT(*) FROM claims c WHERE c.item_id = i.id AND c.until_ns > ` + w.Arg(column.Nanos(s.db.Now())) + `)`
		room := "i.judged + " + taken + " < i.reviewers"
		if len(held) > 0 {
			var own []string
			for _, id := range held {
				own = append(own, strconv.FormatInt(id, 10))
			}
			room = "(" + room + " OR i.id IN (" + strings.Join(own, ", ") + "))"
		}
		w.Conditions = append(w.Conditions, room)
		err := database.EachRow(ctx, tx, `SELECT i.id, i.trace_id, i.assignee, i.judged, i.reviewers, `+taken+` FROM items i`+w.String()+`
			ORDER BY `+q.Order()+` LIMIT `+strconv.Itoa(limit-len(offers)), func(rows *sql.Rows) error {
			var o offer
			err := rows.Scan(&o.id, &o.traceID, &o.assignee, &o.judged, &o.reviewers, &o.taken)
			offers = append(offers, o)
			return err
		}, w.Args...)
		if err != nil || len(offers) == limit {
			return offers, errors.Join(err, readPersons(ctx, tx, offers))
		}
	}
	return offers, readPersons(ctx, tx, offers)
}

// readPersons reads who judged the cases.
func readPersons(ctx context.Context, tx *database.Prepared, offers []offer) error {
	index := map[int64]*offer{}
	var ids []string
	for i := range offers {
		if o := &offers[i]; o.judged > 0 {
			index[o.id], ids = o, append(ids, strconv.FormatInt(o.id, 10))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return database.EachRow(ctx, tx, `SELECT item_id, person FROM labels WHERE counts = 1 AND item_id IN (`+strings.Join(ids, ", ")+`)`,
		func(rows *sql.Rows) error {
			var id int64
			var person string
			if err := rows.Scan(&id, &person); err != nil {
				return err
			}
			index[id].persons = append(index[id].persons, person)
			return nil
		})
}

// among adds a value of each wish as an argument, and returns the list of their places.
func among(w *filter.Where, wishes []*wish, value func(*wish) any) string {
	places := make([]string, len(wishes))
	for i := range wishes {
		places[i] = w.Arg(value(wishes[i]))
	}
	return "(" + strings.Join(places, ", ") + ")"
}
