// Package price computes the cost of calls to models, by the list prices at the time of the call.
//
// cmd/gen writes the embedded book, book.tsv, from the open list of the genai-prices project
// (https://github.com/pydantic/genai-prices, MIT License, Copyright (c) Pydantic Services Inc.), which names its source
// page for each provider. These are public list prices. Prices of a contract go into a File of the user, whose rows
// take precedence over the book.
//
// Every computed cost carries the Version of its Book. Rows of the past never change: a new price is a new row with its
// own start date.
package price
