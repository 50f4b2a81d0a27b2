"""The shell: page config, language, sign-in, navigation; then it runs the page asked for."""

from pathlib import Path

import streamlit as st

from mtl.services import observe, users
from pages.ui import guard, language, navigation, room, signin, story, theme

STATIC = Path(__file__).parent / "static"

language.choose()
users.follow(signin.visitor)
theme.apply()
st.logo(str(STATIC / "consilium.svg"), size="large")
# Declared even while the door is closed, so that the address survives the sign-in page.
page = navigation.declare()
st.set_page_config(page_title=f"{page.title} · Consilium", page_icon=str(STATIC / "icon.svg"), layout="wide")
user = signin.visitor() or users.LOCAL
with st.sidebar:
    navigation.show(user)
    language.switch()
room.gate()
signin.gate()
# For this run; what runs without the shell, a fragment or a callback, asks for itself.
with users.acting(user), guard.shell(), observe.page_run(page.url_path or navigation.START):
    signin.arrive(user)
    story.bar(page.url_path or navigation.START)
    page.run()
