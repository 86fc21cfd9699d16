"""Predicts whether a flight arrives more than 15 minutes late."""

import json

import lightgbm as lgb
import pandas as pd

FEATURES = ["hour", "minuteOfDay", "dayOfWeek", "distance", "origin", "destination"]
CATEGORICAL = ["origin", "destination"]
PARAMETERS = {
    "objective": "binary",
    "metric": "auc",
    "num_iterations": 200,
    "num_leaves": 127,
    # The same rows and seed give the same model.
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
}
OUTPUT = "."


def dataset(table, categories):
    for name, values in categories.items():
        known = table[name].where(table[name].isin(values))
        table[name] = pd.Categorical(known, values)
    return lgb.Dataset(table[FEATURES], table["label"], weight=table["weight"])


table = pd.read_parquet("training.parquet")
# An airport that is not among them is scored as a missing value.
categories = {name: sorted(table[name].dropna().unique()) for name in CATEGORICAL}
with open(f"{OUTPUT}/categories.json", "w") as file:
    json.dump(categories, file)

training = dataset(table, categories)
validation = dataset(pd.read_parquet("validation.parquet"), categories)
booster = lgb.train(PARAMETERS, train_set=training, valid_sets=[validation])
booster.save_model(f"{OUTPUT}/model.txt")
print(len(table), booster.best_score["valid_0"])
