"""The paper, in torch alone: pictures become tokens, tokens act in their areas."""
