package org.hazel.app

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.view.View

/** A code: black on white whatever the mode, sharp at every edge, with the white that belongs around it. */
class CodeView(context: Context) : View(context) {
    private val black = Paint().apply { color = Color.BLACK; style = Paint.Style.FILL }
    private var square: Square? = null
    private var next: (() -> Square)? = null

    init {
        keepScreenOn = true
        // The system's own darkening would turn the colours round.
        if (android.os.Build.VERSION.SDK_INT >= android.os.Build.VERSION_CODES.Q) isForceDarkAllowed = false
    }

    fun show(square: Square, next: (() -> Square)?) {
        if (this.square == null || next == null) this.square = square
        this.next = next
        invalidate()
        removeCallbacks(turning)
        if (next != null) postDelayed(turning, FRAME)
    }

    private val turning = object : Runnable {
        override fun run() {
            square = next?.invoke() ?: return
            invalidate()
            postDelayed(this, FRAME)
        }
    }

    override fun onDetachedFromWindow() {
        removeCallbacks(turning)
        super.onDetachedFromWindow()
    }

    override fun onMeasure(width: Int, height: Int) {
        val side = View.MeasureSpec.getSize(width)
        setMeasuredDimension(side, side)
    }

    override fun onDraw(canvas: Canvas) {
        val square = square ?: return
        canvas.drawColor(Color.WHITE)
        // Whole pixels for each square: a camera forgives a smaller code sooner than a blurred one.
        val size = width / square.whole
        val edge = (width - size * square.whole) / 2
        for (row in 0 until square.whole) for (column in 0 until square.whole) {
            if (!square.isDark(column, row)) continue
            val (x, y) = (edge + column * size).toFloat() to (edge + row * size).toFloat()
            canvas.drawRect(x, y, x + size, y + size, black)
        }
    }

    private companion object {
        /** Four frames a second are read by nearly every camera. */
        const val FRAME = 250L
    }
}
