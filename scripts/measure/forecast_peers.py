"""Forecasts series with statsforecast and Prophet. Reads [[name, origin, values]] from stdin, writes by peer
[[name, origin, [[expected, lower, upper] of each day]]]. Runs in the environment that forecast.py makes."""

import json
import logging
import sys
import warnings

import numpy
import pandas
from prophet import Prophet
from statsforecast.models import AutoETS, AutoTheta, SeasonalNaive

HORIZON = 28
LEVEL = 80
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def classical(model):
    def forecast(values):
        found = model.forecast(y=numpy.array(values), h=HORIZON, level=[LEVEL])
        return zip(found["mean"], found[f"lo-{LEVEL}"], found[f"hi-{LEVEL}"])
    return forecast


def prophet(values):
    days = pandas.DataFrame({"ds": pandas.date_range("2020-01-01", periods=len(values)), "y": values})
    model = Prophet(interval_width=LEVEL / 100).fit(days)
    found = model.predict(model.make_future_dataframe(HORIZON, include_history=False))
    return zip(found["yhat"], found["yhat_lower"], found["yhat_upper"])


PEERS = {
    "seasonal naive": classical(SeasonalNaive(season_length=7)),
    "AutoETS": classical(AutoETS(season_length=7)),
    "AutoTheta": classical(AutoTheta(season_length=7)),
    "Prophet": prophet,
}

tasks = json.load(sys.stdin)
answer = {name: [] for name in PEERS}
for name, forecast in PEERS.items():
    for series, origin, values in tasks:
        # Revenue is never below 0: the others are given that too.
        days = [[max(0.0, float(figure)) for figure in day] for day in forecast(values)]
        answer[name].append([series, origin, days])
print(json.dumps(answer))
