"""Streamlit widgets and rules shared by the pages."""
