// Package price is the price book: what a call to a model costs, by the list that held when it was made.
//
// The embedded book, book.tsv, is written by cmd/gen from the open list of the genai-prices project
// (https://github.com/pydantic/genai-prices, MIT License, Copyright (c) Pydantic Services Inc.), which names the page of
// each provider that its figures come from. Those figures are facts about list prices; what a contract says goes into a
// File of the user's own, whose rows come before those of the book.
//
// A Book tells its Version, which is written beside every cost that was computed with it. Rows are never changed for the
// past: a new price is a new row with the date from which it holds.
package price
