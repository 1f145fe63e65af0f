package org.hazel.app

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.hazel.bridge.HazelException
import org.hazel.wallet.isOver
import org.hazel.wallet.trouble

/** One screen: says what it shows, and does what is pressed. Knows no view, so that it is tested where there is no phone. */
abstract class Screen(protected val hall: Hall) {
    private val drawn by lazy { MutableStateFlow(composed()) }
    /** What is wrong with what was tried last. */
    private var wrong: Said? = null

    /** What is shown now. */
    val sheet: StateFlow<Sheet> get() = drawn

    /** What the screen shows by what it knows. */
    protected abstract fun compose(): Sheet

    /** Runs while the screen is in front, and is cancelled when it is not. */
    open suspend fun live() = draw()

    /** Shows anew. */
    protected fun draw() {
        drawn.value = composed()
    }

    private fun composed(): Sheet {
        val sheet = compose()
        val note = wrong?.let { Note(it, warns = true) } ?: return sheet
        return sheet.copy(parts = listOf(note) + sheet.parts)
    }

    /** Something to press that may fail: what is wrong is then shown on top, and nothing else has changed. */
    protected fun trying(act: suspend () -> Unit): Deed = {
        wrong = null
        try {
            act()
        } catch (refused: HazelException) {
            wrong = sentence(refused.trouble)
            if (refused.isOver) hall.back()
        }
        draw()
    }

    /** Says that something is wrong. */
    protected fun refuse(text: Said) {
        wrong = text
    }
}
