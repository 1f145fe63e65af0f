package org.hazel.app

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Path
import android.view.View

/** A running balance: a line that steps, and where zero is. */
class CurveView(context: Context, ink: Int) : View(context) {
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = ink; style = Paint.Style.STROKE; strokeWidth = 3f * density() }
    private val zero = Paint(line).apply { alpha = 90; strokeWidth = density() }
    private val path = Path()

    var curve: Curve? = null
        set(value) {
            field = value
            invalidate()
        }

    override fun onMeasure(width: Int, height: Int) = setMeasuredDimension(MeasureSpec.getSize(width), (HEIGHT * density()).toInt())

    override fun onDraw(canvas: Canvas) {
        val curve = curve ?: return
        val edge = line.strokeWidth
        val (wide, high) = width - 2 * edge to height - 2 * edge
        path.reset()
        curve.corners().forEachIndexed { at, (x, y) ->
            if (at == 0) path.moveTo(edge + x * wide, edge + y * high) else path.lineTo(edge + x * wide, edge + y * high)
        }
        val level = edge + curve.zero() * high
        canvas.drawLine(0f, level, width.toFloat(), level, zero)
        canvas.drawPath(path, line)
    }

    private fun density() = resources.displayMetrics.density

    private companion object {
        const val HEIGHT = 120
    }
}
