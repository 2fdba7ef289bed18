"""Words in boxes on the toy: each box is coloured by its own words.

README tells the shares of 200 boxes: 34 % by the main prompt, 50 % by words in boxes; chance is one
in twelve.
"""

from tiny_world.coloured_boxes import shares


def test_a_box_gets_the_background_that_its_words_ask_for(run):
    main, own = shares(run, range(8))
    print(f"{main:.0%} by the main prompt, {own:.0%} by words in boxes, of 16 boxes")
    assert own >= main + 0.1
